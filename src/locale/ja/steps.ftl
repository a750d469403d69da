### ウィザードのステップ。値はタイトル、`.help`は説明、`.where`はSalesforceでの確認場所、`.warning`は操作前の注意、
### `.label`は質問または確認の文、`.checkbox`は回答のほかに確認する文。

step-part-calls = { HAS($calls) ->
    [yes] 目安として、1回のコンタクト同期には1レコードあたり最大{ NUMBER($calls) }回のAPIコールが必要ですが、回数は変わることがあります。
   *[no] コンタクトの同期には、1レコードあたり数回のAPIコールが必要です。
}

step-prerequisites = 今すぐ開始する
    .help = このセットアップでHubSpotとSalesforceを接続すると、マーケティングチームと営業チームがリードとコンタクトを共有できるようになります。必要なものは次のとおりです。HubSpotのProfessionalまたはEnterpriseのサブスクリプション。SalesforceのProfessional Edition、Enterprise Edition、Unlimited Editionのいずれか（トライアルは不可）。エディションに応じた権限を持つSalesforceユーザー。セットアップ中に行き来するためのSalesforceへのアクセス。インテグレーションの基本的なしくみの理解。所要時間は約30分です。途中で離れても、後から、別のコンピューターからでも続きを行えます。{ step-part-calls }Salesforceの1日あたりのAPIコール数には限りがあります。1つのポータルに接続できるSalesforce組織は1つだけです。{ HAS($portal_limit) ->
        [yes] 1つの組織には、最大{ NUMBER($portal_limit) }個のポータルを接続できます。
       *[no] 1つの組織に接続できるポータルの数には上限があります。
    }複数のポータルを1つの組織に接続する場合は、ポータルごとにこのセットアップを実行してください。設定がほかのポータルにコピーされることはありません。
    .where = HubSpotのサブスクリプションは、HubSpotの[設定] > [アカウントと請求]で確認できます。
    .label = このポータルのHubSpotサブスクリプションはどれですか？
    .checkbox = 必要条件を確認しました

step-edition = Salesforceのエディション
    .help = 会社で使用しているエディションを選択してください。Salesforceユーザーに必要な権限とAPIコール数は、エディションによって異なります。接続できるのはProfessional Edition、Enterprise Edition、Unlimited Editionです。トライアルは、エディションにかかわらず接続できません。回答は、アカウントを接続するときに組織の情報と照合されます。
    .where = Salesforce Classicの場合：右上のご自分の名前 > [設定] > [管理セットアップ（Administration Setup）]。Lightning Experienceの場合：右上の歯車アイコン > [設定] > [組織情報]の「組織のエディション」。
    .label = Salesforceのどのエディションをお持ちですか？

step-admin-access = Salesforceの管理アクセス権
    .help = HubSpotパッケージのインストールには、管理アクセス権を持つSalesforceユーザーが必要です。コネクターはこのユーザーとして動作するため、同期するすべてのオブジェクトにアクセスできることが重要です。Professional Editionの場合は、トップレベルのSalesforce管理者に限られます。Enterprise EditionとUnlimited Editionの場合は、トップレベルの管理者、またはフルオブジェクトレベルとフルフィールドレベルの両方のセキュリティ権限を持つユーザーです。オブジェクトレベルの権限だけでは足りません。アクセス権がない場合は、その旨を回答してください。Salesforce管理者の協力が得られるまでセットアップは待機し、回答は失われません。
    .where = Salesforceの[設定] > [ユーザー] > [ユーザー]の「プロファイル」列で確認できます。トップレベルの管理者のプロファイルは「システム管理者」、または「すべてのデータの編集」と「アプリケーションのカスタマイズ」の権限を持つプロファイルです。
    .label = Salesforceの管理アクセス権をお持ちですか？

step-environment = 本稼働環境またはサンドボックス
    .help = Salesforceには、本稼働環境とサンドボックスがあります。サンドボックスは本稼働環境から独立したテスト環境で、動作が少し異なります。よくわからない場合、ほとんどは本稼働環境です。この回答によってログイン先が決まるため、実際に接続する組織と一致している必要があります。
    .where = アドレスで確認できます。サンドボックスのアドレスには「.sandbox.my.salesforce.com」が含まれます。以前の形式では「cs」で始まるか、「--」が含まれます。また、サンドボックスではページの上部にサンドボックス名が表示されます。
    .warning = サンドボックスに関する注意事項：ログイン先はtest.salesforce.comで、ユーザー名の末尾にサンドボックス名が付きます。パッケージは専用のリンクからインストールします。APIコールの上限は本稼働環境と異なります。サンドボックスを更新すると同期したデータは失われ、接続をやり直す必要があります。同期するHubSpotのコンタクトは実際のコンタクトです。
    .label = Salesforceのサンドボックスを使用しますか？
    .checkbox = サンドボックスに関する注意事項を読みました

step-seat-count = Salesforceのシート数
    .help = 会社で所有しているSalesforceのライセンス数（シート数）を、使用中かどうかにかかわらず入力してください。この数から、推奨するAPIコール制限を計算します。回答は、アカウントを接続するときに組織の情報と照合されます。
    .where = Salesforce Classicの場合：右上のご自分の名前 > [設定] > [システムの概要（System Overview）]。ページの下部にライセンス数が表示されます。Lightning Experienceの場合：右上の歯車アイコン > [設定] > [組織情報]の「ユーザーライセンス」一覧で、「Salesforce」行の「ライセンス総数」。
    .label = Salesforceシートをいくつお持ちですか？

step-api-call-limit = APIコール制限
    .help = HubSpotとSalesforceはAPIコールで通信します。Salesforceが組織に許可するコール数は24時間ごとに限られており（暦日ではなく、直近24時間の合計）、すべての連携で共有されます。ここでは、このポータルが使用できるコール数を決めます。{ HAS($suggested) ->
        [yes] シート数とエディションから計算した推奨値は{ NUMBER($suggested) }回です。別の値も入力できます。
       *[no] シート数とエディションから推奨値を計算します。別の値も入力できます。
    }{ HAS($allocation) ->
        [yes] この組織に許可されているのは{ NUMBER($allocation) }回です。
       *[no] { "" }
    }{ HAS($held_by_others) ->
        [yes] 組織のほかのポータルが{ NUMBER($held_by_others) }回を確保しています。
       *[no] { "" }
    }{ step-part-calls }{ HAS($syncs) ->
        [yes] { NUMBER($limit) }回の制限では、1日におよそ{ NUMBER($syncs) }件のコンタクトを同期できます。
       *[no] { "" }
    }制限に達すると、変更は待機し、後で同期されます。失われることはありません。手動で設定した制限が、断りなく変更されることはありません。
    .where = Salesforce Classicの場合：ご自分の名前 > [設定] > [組織プロファイル] > [組織情報]の「API要求数（この24時間以内）」。使用数と、括弧内に上限が表示されます。Lightning Experienceの場合：[設定] > [組織情報]、または[設定] > [システムの概要]の「API使用状況」。
    .label = このポータルが24時間に使用できるAPIコール数

step-package = HubSpotパッケージのインストール
    .help = Salesforce組織にHubSpotインテグレーションパッケージをインストールします。インストーラーを開き、接続する組織の管理者としてログインして、すべてのユーザー（少なくともコネクターが使用するユーザー）を対象にインストールしてください。手順はガイドで確認できます。インストールが完了したら（時間がかかる場合はSalesforceからEメールで通知されます）、ここに戻って確認してください。パッケージの有無は、アカウントを接続するときに確認されます。
    .where = インストール後、パッケージはSalesforceの[設定] > [インストール済みパッケージ]に表示されます。
    .warning = サンドボックスについての回答に合ったインストーラーを使用してください。本稼働環境にインストールしたパッケージは、その後に更新されたサンドボックスにしか含まれません。
    .label = HubSpotインテグレーションパッケージをインストールした

step-security-token = Salesforceセキュリティトークン
    .help = ユーザー名とパスワードでログインするには、Salesforceユーザーのセキュリティトークンも必要です。トークンは、Salesforceアカウントの作成時、または最後にパスワードをリセットしたときにEメールで届いているため、まずそのメールボックスをお探しください。見つからない場合は、Salesforceでリセットできます。新しいトークンはEメールで届き、使えるようになるまで最大15分かかることがあります。OAuthで接続する場合、トークンは不要です。その旨をここで回答してください。トークンは暗号化して保存され、再び表示されることはありません。
    .where = Salesforceから届くEメールの件名は「新しいSalesforceセキュリティトークン」などです。リセットする場所は、Salesforce Classicの場合：ご自分の名前 > [私の設定] > [個人用] > [私のセキュリティトークンのリセット]。Lightning Experienceの場合：右上のプロフィール画像 > [設定] > [私のセキュリティトークンのリセット]。
    .warning = リセットすると、以前のトークンはすぐに使えなくなります。同じSalesforceユーザーを使用するほかのすべての連携は、新しいトークンに更新するまで停止します。{ HAS($portals) ->
        [yes] このサービスの接続のうち、次のものがこのユーザーを使用しています：{ $portals }
       *[no] { "" }
    }{ HAS($other_portals) ->
        [yes] （表示する権限のないポータルの接続も{ NUMBER($other_portals) }個、このユーザーを使用しています）
       *[no] { "" }
    }
    .label = Salesforceトークンを入力してください

step-visualforce-module = Visualforceモジュール
    .help = リードと取引先責任者（コンタクト）のページレイアウトに、HubSpotのVisualforceコンポーネントを追加します。レコードの中に、その人のHubSpotリードインテリジェンスを表示するウィンドウが追加され、営業チームがリードの行動を確認できるようになります。手順はガイドで確認できます。後継のHubSpot Embedでもかまいません。追加したら確認してください。アカウントを接続するときに検証されます。このステップは省略できません。
    .where = Salesforce Classicの場合：[設定] > [カスタマイズ] > [リード] > [ページレイアウト]（[取引先責任者]も同様）で、[Visualforceページ]からセクションにコンポーネントをドラッグします。Lightning Experienceの場合：歯車アイコン > [設定] > [オブジェクトマネージャー] > [リード] > [ページレイアウト]（[取引先責任者]も同様）。
    .warning = 営業チームが使用するすべてのレイアウトに、リードと取引先責任者の両方で追加してください。
    .label = HubSpotリードインテリジェンスをSalesforceに追加した

step-connect-accounts = アカウントの接続
    .help = Salesforceのユーザー名とパスワードを入力してください。セキュリティトークンは前のステップから引き継がれます。代わりに、Salesforceが推奨するOAuthも使用できます。接続すると、ログインして必要なものが揃っているか（エディション、サンドボックス、シート数、パッケージ、権限、ページレイアウト、APIコール）を確認し、コネクターのセットアップを開始します。数分かかることがありますが、その間この画面を離れてもかまいません。不足がある場合は何も接続されず、回答はそのまま残り、確認結果ごとに対処方法と担当者が示されます。
    .where = ユーザー名はEメールアドレスの形式ですが、実在するEメールアドレスとは限りません。Salesforceの[設定] > [ユーザー] > [ユーザー]に表示されます。
    .warning = ログインが拒否された場合は、繰り返し試さないでください。ユーザーがロックされます。ユーザー名とパスワードによるログインは、SalesforceのSummer '27リリースで終了します。OAuthへの移行をご検討ください。
    .label = Salesforceの資格情報を入力してください

step-object-sync = アカウントとオポチュニティ
    .help = コンタクトは常に同期されます。Salesforceのアカウント（取引先）も同期するかどうかを決めてください。コンタクトの会社についての情報が増え、パーソナライズに利用できるため、同期をおすすめします。次に、Salesforceのオポチュニティ（商談）を同期するかどうかを決めてください。同期されるのは標準項目だけです。どちらも回答が必要で、初期値はありません。後からいつでも変更できます。
    .label = Salesforceのアカウントとオポチュニティを同期しますか？

step-activity-sync = アクティビティとタスク
    .help = Salesforceに作成するアクティビティを選択してください。コンタクトがHubSpotのフォームを送信したとき、コンタクトがEメールを開いたとき、その両方、またはどちらも作成しない、のいずれも選べます。次に、コンタクトに関連付けられたSalesforceのタスク（ToDo）をHubSpotと同期するかどうかを「はい」か「いいえ」で決めてください。後からいつでも変更できます。
    .warning = Eメールの開封は件数が非常に多くなることがあります。アクティビティごとにAPIコールを使用します。
    .label = どのアクティビティとタスクを同期しますか？

step-inclusion-list = インクルージョンリスト
    .help = すべてのリードが、営業チームが連絡すべき段階にあるとは限りません。インクルージョンリストは、HubSpotからSalesforceに同期するコンタクトを制限します。逆方向は制限しません。スマートリスト（自動で更新されるリスト）を選択するか、ここで新しく作成するか、インクルージョンリストなしを選択してください。インクルージョンリストなしの場合は、ライフサイクルステージが購読者以上の新しいコンタクトが同期され、ステージのないコンタクトは同期されません。深く悩む必要はありません。リストは後からいつでも設定、変更、削除できます。
    .warning = 「インクルージョンリストなし」では、Salesforceに同期されるコンタクトが大幅に増えます。未回答とは異なり、明示的に選択する必要があります。
    .label = HubSpotからSalesforceにどのコンタクトを同期しますか？

step-review = 確認と有効化
    .help = これまでの決定事項をもう一度確認してください。どれも編集できます。確認したら、「コンタクトをSalesforceと同期する」をオンにします。それ以降、新しいコンタクトと変更されたコンタクトが同期されます。既存のコンタクトは、インポートするか変更があるまで同期されません。
    .warning = オンにした時点から、Salesforce組織とHubSpotポータルでレコードの作成と変更が行われます。
    .label = コンタクトをSalesforceと同期する

step-test = テスト
    .help = テストコンタクトを作成します。HubSpotに作成されたコンタクトが実際にSalesforceへ同期され、その進み具合（開始中、スケジュール設定中、処理中、完了済み）が表示されます。失敗した場合は、理由と対処方法が示されます。テストはインクルージョンリストの影響を受けませんが、リストの条件を満たしていたかどうかも結果に表示されます。作成されたレコードは後で削除できます。テストをせずに先へ進むこともできます。
    .warning = テストコンタクトは両方のシステムに表示され、新しいコンタクトやリードに反応する自動処理があれば実行されます。
    .label = テストコンタクトを作成

step-done = 完了
    .help = コンタクトがHubSpotとSalesforceの間で双方向に同期されるようになりました。最後に、既存のコンタクトについて決めてください。2つのデータベースをできるだけ同じにするためにインポートするか、インポートせずに、変更があったときに同期することができます。すべての設定は、このセットアップをやり直さずに、いつでも変更できます。
    .label = 既存のコンタクトをどうしますか？

## 複数の質問があるステップの回答

option-accounts-yes = はい、Salesforceのアカウント（取引先）を同期する
option-accounts-no = いいえ、Salesforceのアカウント（取引先）を同期しない
option-opportunities-yes = はい、Salesforceのオポチュニティ（商談）の標準項目を同期する
option-opportunities-no = いいえ、Salesforceのオポチュニティ（商談）を同期しない
option-on-form-submission = コンタクトがフォームを送信したときに、Salesforceのアクティビティを作成する
option-on-email-open = コンタクトがEメールを開いたときに、Salesforceのアクティビティを作成する
option-tasks-yes = はい、コンタクトのSalesforceタスクをHubSpotと同期する
option-tasks-no = いいえ、Salesforceタスクを同期しない
option-smart-list = スマートリストのコンタクトだけ
option-no-inclusion-list = インクルージョンリストなし
option-create-smart-list = 新しいスマートリストを作成
option-token = セキュリティトークンを入力する
option-token-not-used = トークンなし（OAuthで接続する）
option-sandbox-yes = はい（サンドボックス）
option-sandbox-no = いいえ（本稼働環境）

## リンク

link-setup-guide = HubSpotとSalesforceのインテグレーションをセットアップする方法
link-edition-guide = Salesforce組織のエディションを確認する方法
link-admin-access-guide = Salesforceユーザーに必要な権限
link-sandbox-notes = サンドボックスの接続に関する注意事項
link-seat-guide = Salesforceのライセンス数を確認する方法
link-api-calls-guide = SalesforceのAPIコールの数え方
link-installer-production = 本稼働環境にHubSpotパッケージをインストールする
link-installer-sandbox = サンドボックスにHubSpotパッケージをインストールする
link-package-guide = SalesforceにHubSpotパッケージをインストールする方法
link-token-guide = Salesforceセキュリティトークンをリセットする方法
link-visualforce-guide = ページレイアウトにVisualforceコンポーネントを追加する方法
link-embed-guide = SalesforceにHubSpot Embedを追加する方法
link-oauth-guide = OAuthで接続する方法
link-opportunity-fields = 同期されるオポチュニティの項目
link-inclusion-list-guide = インクルージョンリストのしくみ
link-import-guide = 既存のコンタクトをインポートする方法
